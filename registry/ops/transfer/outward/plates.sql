SELECT code, issued_on, mounted_on, lost_on
FROM plate
ORDER BY code, id
