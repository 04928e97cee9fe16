"""The far end of each provider's wire, one file a provider."""
