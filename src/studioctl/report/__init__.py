"""A report on an environment, for a reviewer or a manager: values only; `presentation.report_page` makes the page."""
