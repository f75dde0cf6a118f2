"""Install the package the way ament_python expects."""

from pathlib import Path

from setuptools import find_packages, setup

NAME = "booth_description"

setup(
    name=NAME,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml", "NOTICE"]),
        (f"share/{NAME}/urdf", [str(path) for path in sorted(Path("urdf").glob("*.urdf"))]),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    description="URDF of arm, tool, swab, camera, booth and chin rest.",
    license="Apache-2.0",
)
