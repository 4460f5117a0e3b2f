"""What others read: results of measurements for people at a pipe, for build servers and for monitoring."""
