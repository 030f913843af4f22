module attempts

go 1.26
