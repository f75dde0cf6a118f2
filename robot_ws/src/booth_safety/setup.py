"""Install the package the way ament_python expects."""

from setuptools import find_packages, setup

NAME = "booth_safety"

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
    description="Watches graph and loop; what trips stays tripped until a person resets it.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "safety = booth_safety.node:main",
        ]
    },
)
