// Reads the resources of the change: a folder of a GitOps repository, or what `make deploy` would render.
import { readRendered } from '../../../analyze/read-rendered.ts'
import { readSubject } from '../../../analyze/read-subject.ts'
import type { Subject } from '../../../analyze/subject.ts'
import { readVariable } from '../../../cli/make-variables.ts'
import type { InspectedMesh } from '../../../deploy/preflight/preflight.ts'
import { readComponents } from '../../../deploy/render/components.ts'
import type { Layout } from '../../../kube/layouts.ts'

/** Writes its own files to `folder`. */
export async function readChange(
  layout: Layout,
  mesh: InspectedMesh | undefined,
  folder: string,
): Promise<Subject> {
  const files = readVariable('FILES')
  if (files !== undefined) return readSubject(files, folder)
  const components = await readComponents(layout)
  return readRendered({ layout, components, mesh, folder, isLive: true })
}
