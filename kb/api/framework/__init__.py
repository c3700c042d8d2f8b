"""What the resources share: parameters, pagination, caching, errors, schema and throttling."""
