module secure-signing/signing

go 1.21
