-- What became of the receipt that a client system sent for a test delivery: step, ok, detail.
ALTER TABLE test_delivery ADD COLUMN receipt jsonb;
