"""The faces: pages for citizens, booths, staff and the district, served beside the API."""

from booth_queue.web.routes import install

__all__ = ["install"]
