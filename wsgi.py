"""What gunicorn serves: `gunicorn wsgi:app`."""

from stoqflow_web import create_app
from stoqflow_web.processes import keep_what_is_loaded

app = create_app()
keep_what_is_loaded()
