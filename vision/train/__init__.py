"""Training of the segmentation network; needs the ``train`` extra, never imported by the booth."""
