// Reads a kustomization. kustomize adds annotations with the origin of each resource.
import { writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { originMetadata } from '../../deploy/render/render.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { type Resource, resourceSchema, withoutNulls } from '../../kube/resources.ts'
import { listItems, parseYaml, readYaml } from '../../kube/yaml.ts'
import { valueAt } from '../finding.ts'
import { composeSubject, type Origin, type Subject, type Unread } from '../subject.ts'
import { describeNonResource } from './plain-yaml.ts'

const originAnnotation = 'config.kubernetes.io/origin'
const changesAnnotation = 'alpha.config.kubernetes.io/transformations'
/** Of a local file, of a generator in a kustomization, or of another repository. */
const originSchema = z.object({
  path: z.string().optional(),
  configuredIn: z.string().optional(),
  repo: z.string().optional(),
})
const changesSchema = z.array(
  z.object({
    configuredIn: z.string().optional(),
    configuredBy: z.object({ kind: z.string() }).optional(),
  }),
)

/** Renders a kustomization of the user. Writes its own files to `folder`. */
export async function readKustomization(file: string, folder: string): Promise<Subject> {
  const content = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [relative(folder, dirname(file))],
    buildMetadata: originMetadata,
  }
  await writeFile(join(folder, 'kustomization.yaml'), stringify(content))
  return takeOrigins(await kubectl(['kustomize', folder]), folder, file)
}

/** Reads kustomize's output with its annotations of origin, which are relative to `folder`. `home` is the kustomization. */
export async function takeOrigins(yaml: string, folder: string, home: string): Promise<Subject> {
  const origins = new Map<Resource, Origin>()
  const unread: Unread[] = []
  for (const { content } of readYaml(yaml).flatMap(listItems)) {
    if (content === null) continue
    const { origin, changes } = readAnnotations(content)
    const { path, configuredIn, repo } = originSchema.parse(origin)
    const name = repo === undefined ? (path ?? configuredIn) : undefined
    const file = name === undefined ? home : resolve(folder, name)
    const parsed = resourceSchema.safeParse(withoutNulls(content))
    if (!parsed.success) {
      unread.push({ file, line: 1, message: describeNonResource(parsed.error) })
      continue
    }
    const patchedIn = changesSchema
      .parse(changes)
      .filter(({ configuredBy }) => configuredBy?.kind === 'PatchTransformer')
      .flatMap((change) => change.configuredIn ?? [])
      .map((each) => resolve(folder, each))
    origins.set(withoutOrigin(parsed.data), { file, patchedIn: [...new Set(patchedIn)] })
  }
  return composeSubject({ origins, home, unread, folder })
}

function readAnnotations(content: unknown) {
  const read = (name: string, absent: string) =>
    parseYaml(String(valueAt(content, ['metadata', 'annotations', name]) ?? absent))
  return { origin: read(originAnnotation, '{}'), changes: read(changesAnnotation, '[]') }
}

function withoutOrigin(resource: Resource): Resource {
  const {
    [originAnnotation]: _,
    [changesAnnotation]: __,
    ...rest
  } = resource.metadata.annotations ?? {}
  const annotations = Object.keys(rest).length === 0 ? undefined : rest
  return { ...resource, metadata: { ...resource.metadata, annotations } }
}
