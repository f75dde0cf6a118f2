"""Install the package the way ament_python expects."""

from setuptools import find_packages, setup

NAME = "booth_bringup"

setup(
    name=NAME,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    description="Brings the booth's nodes up in order, and records its sessions.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "lifecycle = booth_bringup.lifecycle:main",
            "recorder = booth_bringup.recorder:main",
        ]
    },
)
