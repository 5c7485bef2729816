"""What the camera did not see: colours and shape of the hidden side, and of what covers the person."""
