"""Drawing a questionnaire's flow as SVG."""
