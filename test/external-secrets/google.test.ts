// A real External Secrets reads the key from Google Secret Manager, which the tests imitate.
import { openGoogle } from './support/google/google.ts'
import { testKeyManager } from './support/manager-tests.ts'

testKeyManager(openGoogle)
