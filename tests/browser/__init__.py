"""A real Chromium against the real thing: web app, worker, scheduler, Redis, database and pretend bol.com."""
