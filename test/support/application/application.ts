// An application of somebody else, as the programs read it.
import { type Application, readApplication } from '../../../tools/kube/application.ts'
import { writeFiles } from './manifests.ts'

export async function writeApplication(
  ...content: Parameters<typeof writeFiles>
): Promise<Application> {
  return readApplication(await writeFiles(...content))
}
