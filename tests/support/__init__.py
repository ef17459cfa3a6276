"""What the tests share: real servers, a browser-like reader of pages, builders of records."""
