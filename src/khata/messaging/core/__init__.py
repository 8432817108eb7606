"""Pure decisions about messages: segmentation, recipients, the life of a message."""
