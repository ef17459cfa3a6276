"""What RQ calls: an id in, one service call. Beside that the two processes that do the calling."""
