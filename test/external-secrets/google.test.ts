// A real External Secrets reads the key from Google Secret Manager, which the tests imitate.
import { openGoogleManager } from './support/google/manager.ts'
import { testKeyManager } from './support/manager-tests.ts'

testKeyManager(openGoogleManager)
