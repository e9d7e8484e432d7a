-- in: elsewhere, records that the file's references name in other communes. out: them in `household`.
INSERT INTO household FROM elsewhere;
DROP TABLE elsewhere;
