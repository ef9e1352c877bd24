-- Since when a client system has been held back, for operators. Kept by a trigger, because a gate
-- is closed and opened in several ways; to wait for its rate is not to be held.
ALTER TABLE system_gate ADD COLUMN held_since timestamptz;

CREATE FUNCTION gate_held_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.held_since := CASE WHEN NEW.held_reason <> 'rate' THEN clock_timestamp() END;
    RETURN NEW;
END $$;

CREATE TRIGGER held_since BEFORE UPDATE ON system_gate
    FOR EACH ROW
    WHEN ((COALESCE(OLD.held_reason, 'rate') = 'rate')
          <> (COALESCE(NEW.held_reason, 'rate') = 'rate'))
    EXECUTE FUNCTION gate_held_since();
