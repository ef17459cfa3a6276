"""What gunicorn serves: `gunicorn wsgi:app`."""

from stoqflow_web import create_app

app = create_app()
