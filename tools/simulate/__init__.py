"""A discrete-event simulation of an endpoint: load, service, fleet, report. See docs/scaling.md."""
