"""Speed, memory and accuracy, each printed by a command."""
