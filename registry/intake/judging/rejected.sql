SELECT row_number FROM entry WHERE rejected AND lon IS NULL
ORDER BY row_number DESC LIMIT $most
