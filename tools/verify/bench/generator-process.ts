// Sends loads for a parent process, which starts this program in the network that the loads come from.
import { generateLoad, type LoadRequest } from './generator.ts'

process.on('message', async (load: LoadRequest) => {
  process.send?.(await generateLoad(load))
})
// The parent has ended, perhaps without a chance to stop this program.
process.on('disconnect', () => process.exit())
