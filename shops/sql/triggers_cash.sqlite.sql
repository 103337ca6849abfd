-- What may never change about cash sessions. The same rules as triggers_cash.postgresql.sql.

CREATE TRIGGER duka_drawer_insert BEFORE INSERT ON shops_drawer
BEGIN
    -- INSERT OR REPLACE would delete the old row without asking a DELETE trigger.
    SELECT RAISE(ABORT, 'shops: this row exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_drawer
        WHERE id = NEW.id
           OR (business_id = NEW.business_id AND name = NEW.name)
           OR (business_id = NEW.business_id AND account_code = NEW.account_code)
    );
END

CREATE TRIGGER duka_drawer_update BEFORE UPDATE ON shops_drawer
BEGIN
    SELECT RAISE(ABORT, 'shops: a drawer keeps its business and its account')
    WHERE (OLD.id, OLD.business_id, OLD.account_code)
          IS NOT (NEW.id, NEW.business_id, NEW.account_code);
    -- So would UPDATE OR REPLACE.
    SELECT RAISE(ABORT, 'shops: this row exists already')
    WHERE EXISTS (
        SELECT 1 FROM shops_drawer
        WHERE business_id = NEW.business_id AND name = NEW.name AND id <> NEW.id
    );
END

CREATE TRIGGER duka_drawer_delete BEFORE DELETE ON shops_drawer
BEGIN
    SELECT RAISE(ABORT, 'shops: what cash did is frozen');
END

CREATE TRIGGER duka_cashsession_insert BEFORE INSERT ON shops_cashsession
BEGIN
    -- INSERT OR REPLACE would delete the old row without asking a DELETE trigger.
    SELECT RAISE(ABORT, 'shops: a session with this id or key exists, or this drawer is open')
    WHERE EXISTS (
        SELECT 1 FROM shops_cashsession
        WHERE id = NEW.id OR "key" = NEW."key"
           OR (drawer_id = NEW.drawer_id AND closed_at IS NULL AND NEW.closed_at IS NULL)
           OR (business_id = NEW.business_id AND z_number = NEW.z_number)
    );
    SELECT RAISE(ABORT, 'shops: a session begins open, at a drawer of its business')
    WHERE NEW.closed_at IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM shops_drawer WHERE id = NEW.drawer_id AND business_id = NEW.business_id
    );
END

CREATE TRIGGER duka_cashsession_update BEFORE UPDATE ON shops_cashsession
BEGIN
    SELECT RAISE(ABORT, 'shops: a closed session is never changed')
    WHERE OLD.closed_at IS NOT NULL;
    SELECT RAISE(ABORT, 'shops: how a session began is frozen')
    WHERE (OLD.id, OLD.business_id, OLD.drawer_id, OLD."key", OLD.day, OLD.opened_by_id,
           OLD.opened_at, OLD.float_cents, OLD.float_counts, OLD.float_source, OLD.found_cents)
          IS NOT (NEW.id, NEW.business_id, NEW.drawer_id, NEW."key", NEW.day, NEW.opened_by_id,
                  NEW.opened_at, NEW.float_cents, NEW.float_counts, NEW.float_source,
                  NEW.found_cents);
    -- So would UPDATE OR REPLACE.
    SELECT RAISE(ABORT, 'shops: this Z number is taken')
    WHERE EXISTS (
        SELECT 1 FROM shops_cashsession
        WHERE business_id = NEW.business_id AND z_number = NEW.z_number AND id <> NEW.id
    );
END

CREATE TRIGGER duka_cashsession_delete BEFORE DELETE ON shops_cashsession
BEGIN
    SELECT RAISE(ABORT, 'shops: a session is kept');
END

CREATE TRIGGER duka_cashmove_open BEFORE INSERT ON shops_cashmove
BEGIN
    SELECT RAISE(ABORT, 'shops: cash moves in a session that is open')
    WHERE NOT EXISTS (
        SELECT 1 FROM shops_cashsession WHERE id = NEW.session_id AND closed_at IS NULL
    );
    SELECT RAISE(ABORT, 'shops: what a move corrects, and its paper, are of its business')
    WHERE EXISTS (
        SELECT 1 FROM shops_cashsession s
        WHERE s.id = NEW.session_id
          AND (EXISTS (SELECT 1 FROM shops_cashsession c WHERE c.id = NEW.corrects_id
                       AND (c.business_id <> s.business_id OR c.closed_at IS NULL))
               OR EXISTS (SELECT 1 FROM money_attachment a WHERE a.id = NEW.paper_id
                          AND a.business_id <> s.business_id))
    );
END

CREATE TRIGGER duka_cashmove_insert BEFORE INSERT ON shops_cashmove
BEGIN
    SELECT RAISE(ABORT, 'shops: this row exists already')
    WHERE EXISTS (SELECT 1 FROM shops_cashmove WHERE id = NEW.id OR "key" = NEW."key");
END

CREATE TRIGGER duka_cashmove_update BEFORE UPDATE ON shops_cashmove
BEGIN
    SELECT RAISE(ABORT, 'shops: what cash did is frozen');
END

CREATE TRIGGER duka_cashmove_delete BEFORE DELETE ON shops_cashmove
BEGIN
    SELECT RAISE(ABORT, 'shops: what cash did is frozen');
END

CREATE TRIGGER duka_sessionnote_insert BEFORE INSERT ON shops_sessionnote
BEGIN
    SELECT RAISE(ABORT, 'shops: this row exists already')
    WHERE EXISTS (SELECT 1 FROM shops_sessionnote WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'shops: only a closed session is explained')
    WHERE EXISTS (
        SELECT 1 FROM shops_cashsession WHERE id = NEW.session_id AND closed_at IS NULL
    );
END

CREATE TRIGGER duka_sessionnote_update BEFORE UPDATE ON shops_sessionnote
BEGIN
    SELECT RAISE(ABORT, 'shops: what cash did is frozen');
END

CREATE TRIGGER duka_sessionnote_delete BEFORE DELETE ON shops_sessionnote
BEGIN
    SELECT RAISE(ABORT, 'shops: what cash did is frozen');
END

CREATE TRIGGER duka_sessioncorrection_insert BEFORE INSERT ON shops_sessioncorrection
BEGIN
    SELECT RAISE(ABORT, 'shops: this row exists already')
    WHERE EXISTS (SELECT 1 FROM shops_sessioncorrection WHERE id = NEW.id OR "key" = NEW."key");
    SELECT RAISE(ABORT, 'shops: only a closed session is explained')
    WHERE EXISTS (
        SELECT 1 FROM shops_cashsession WHERE id = NEW.session_id AND closed_at IS NULL
    );
END

CREATE TRIGGER duka_sessioncorrection_update BEFORE UPDATE ON shops_sessioncorrection
BEGIN
    SELECT RAISE(ABORT, 'shops: what cash did is frozen');
END

CREATE TRIGGER duka_sessioncorrection_delete BEFORE DELETE ON shops_sessioncorrection
BEGIN
    SELECT RAISE(ABORT, 'shops: what cash did is frozen');
END

CREATE TRIGGER duka_safebanking_insert BEFORE INSERT ON shops_safebanking
BEGIN
    SELECT RAISE(ABORT, 'shops: this row exists already')
    WHERE EXISTS (SELECT 1 FROM shops_safebanking WHERE id = NEW.id OR "key" = NEW."key");
END

CREATE TRIGGER duka_safebanking_update BEFORE UPDATE ON shops_safebanking
BEGIN
    SELECT RAISE(ABORT, 'shops: what cash did is frozen');
END

CREATE TRIGGER duka_safebanking_delete BEFORE DELETE ON shops_safebanking
BEGIN
    SELECT RAISE(ABORT, 'shops: what cash did is frozen');
END
