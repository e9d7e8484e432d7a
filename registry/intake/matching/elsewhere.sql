-- in: elsewhere, records in other communes that the file's references name. out: added to `household`.
INSERT INTO household FROM elsewhere;
DROP TABLE elsewhere;
