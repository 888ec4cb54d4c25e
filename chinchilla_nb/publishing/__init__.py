"""What leaves a project for its readers: a report as one page, and tables for papers."""
