"""The sentences on the pages that are chosen by a code: history, problems, statuses. All through gettext."""
