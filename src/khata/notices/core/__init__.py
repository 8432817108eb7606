"""When somebody is told: levels and runway, alarms that ring once, and the marks before an expiry."""
