// A real External Secrets reads the key from AWS, which moto simulates.
import { openAws } from './support/aws/aws.ts'
import { testSessions } from './support/aws/session-tests.ts'
import { testSilence } from './support/aws/silence-tests.ts'
import { testKeyManager } from './support/manager-tests.ts'

const load = testKeyManager(openAws)
testSessions(load)
testSilence(load)
