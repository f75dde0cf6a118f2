"""URDF of arm, tool, swab, camera, booth and chin rest."""
