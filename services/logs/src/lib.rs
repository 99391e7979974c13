//! Amazon CloudWatch Logs: groups, streams, events and the search over them
