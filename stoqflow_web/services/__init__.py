"""The verbs. Ids or plain values in, a model or a small result out; the only place where a transaction opens."""
