module shop

go 1.22

require secure-signing/signing v0.0.0-00010101000000-000000000000

replace secure-signing/signing => ../../clients/go
