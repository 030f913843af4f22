// A real External Secrets reads the key from Azure, which a small program simulates. The commands are run by the real az.
import { openAzureManager } from './support/azure/manager.ts'
import { testKeyManager } from './support/manager-tests.ts'

testKeyManager(openAzureManager)
