-- What may never change about cash sessions. The same rules as triggers_cash.sqlite.sql.

CREATE OR REPLACE FUNCTION duka_drawer_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (OLD.id, OLD.business_id, OLD.account_code)
       IS DISTINCT FROM (NEW.id, NEW.business_id, NEW.account_code) THEN
        RAISE EXCEPTION 'shops: a drawer keeps its business and its account'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_drawer_update BEFORE UPDATE ON shops_drawer FOR EACH ROW EXECUTE FUNCTION duka_drawer_update();

CREATE OR REPLACE FUNCTION duka_cashsession_insert() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.closed_at IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM shops_drawer WHERE id = NEW.drawer_id AND business_id = NEW.business_id
    ) THEN
        RAISE EXCEPTION 'shops: a session begins open, at a drawer of its business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_cashsession_insert BEFORE INSERT ON shops_cashsession FOR EACH ROW EXECUTE FUNCTION duka_cashsession_insert();

CREATE OR REPLACE FUNCTION duka_cashsession_update() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'shops: a closed session is never changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.id, OLD.business_id, OLD.drawer_id, OLD.key, OLD.day, OLD.opened_by_id,
        OLD.opened_at, OLD.float_cents, OLD.float_counts, OLD.float_source, OLD.found_cents)
       IS DISTINCT FROM
       (NEW.id, NEW.business_id, NEW.drawer_id, NEW.key, NEW.day, NEW.opened_by_id,
        NEW.opened_at, NEW.float_cents, NEW.float_counts, NEW.float_source, NEW.found_cents) THEN
        RAISE EXCEPTION 'shops: how a session began is frozen'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_cashsession_update BEFORE UPDATE ON shops_cashsession FOR EACH ROW EXECUTE FUNCTION duka_cashsession_update();

CREATE OR REPLACE FUNCTION duka_cashmove_open() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM shops_cashsession WHERE id = NEW.session_id AND closed_at IS NULL
    ) THEN
        RAISE EXCEPTION 'shops: cash moves in a session that is open'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (
        SELECT 1 FROM shops_cashsession s
        WHERE s.id = NEW.session_id
          AND (EXISTS (SELECT 1 FROM shops_cashsession c WHERE c.id = NEW.corrects_id
                       AND (c.business_id <> s.business_id OR c.closed_at IS NULL))
               OR EXISTS (SELECT 1 FROM money_attachment a WHERE a.id = NEW.paper_id
                          AND a.business_id <> s.business_id))
    ) THEN
        RAISE EXCEPTION 'shops: what a move corrects, and its paper, are of its business'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_cashmove_open BEFORE INSERT ON shops_cashmove FOR EACH ROW EXECUTE FUNCTION duka_cashmove_open();

CREATE OR REPLACE FUNCTION duka_session_explained() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (
        SELECT 1 FROM shops_cashsession WHERE id = NEW.session_id AND closed_at IS NULL
    ) THEN
        RAISE EXCEPTION 'shops: only a closed session is explained'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER duka_sessionnote_insert BEFORE INSERT ON shops_sessionnote FOR EACH ROW EXECUTE FUNCTION duka_session_explained();

CREATE TRIGGER duka_sessioncorrection_insert BEFORE INSERT ON shops_sessioncorrection FOR EACH ROW EXECUTE FUNCTION duka_session_explained();

CREATE OR REPLACE FUNCTION duka_cash_frozen() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'shops: what cash did is frozen: %', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
END
$body$;

CREATE TRIGGER duka_drawer_delete BEFORE DELETE ON shops_drawer FOR EACH ROW EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_drawer_truncate BEFORE TRUNCATE ON shops_drawer FOR EACH STATEMENT EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_cashsession_delete BEFORE DELETE ON shops_cashsession FOR EACH ROW EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_cashsession_truncate BEFORE TRUNCATE ON shops_cashsession FOR EACH STATEMENT EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_cashmove_update BEFORE UPDATE ON shops_cashmove FOR EACH ROW EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_cashmove_delete BEFORE DELETE ON shops_cashmove FOR EACH ROW EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_cashmove_truncate BEFORE TRUNCATE ON shops_cashmove FOR EACH STATEMENT EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_sessionnote_update BEFORE UPDATE ON shops_sessionnote FOR EACH ROW EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_sessionnote_delete BEFORE DELETE ON shops_sessionnote FOR EACH ROW EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_sessionnote_truncate BEFORE TRUNCATE ON shops_sessionnote FOR EACH STATEMENT EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_sessioncorrection_update BEFORE UPDATE ON shops_sessioncorrection FOR EACH ROW EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_sessioncorrection_delete BEFORE DELETE ON shops_sessioncorrection FOR EACH ROW EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_sessioncorrection_truncate BEFORE TRUNCATE ON shops_sessioncorrection FOR EACH STATEMENT EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_safebanking_update BEFORE UPDATE ON shops_safebanking FOR EACH ROW EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_safebanking_delete BEFORE DELETE ON shops_safebanking FOR EACH ROW EXECUTE FUNCTION duka_cash_frozen();

CREATE TRIGGER duka_safebanking_truncate BEFORE TRUNCATE ON shops_safebanking FOR EACH STATEMENT EXECUTE FUNCTION duka_cash_frozen();
