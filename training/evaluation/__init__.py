"""Error measures of the face network and the tables that are made with them."""
