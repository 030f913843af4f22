// What is analyzed: resources, the one file that they are rendered into, and the source of each.
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { UserError } from '../cli/terminal.ts'
import { kubectl } from '../deploy/kubectl.ts'
import { originMetadata, type Rendering } from '../deploy/render.ts'
import { parseResources, type Resource, resourceSchema } from '../deploy/resources.ts'
import { findPlace, readDocuments } from './source-file.ts'

/** Where a resource was written: its file, and which document of it if that is known. */
export type Origin = {
  file: string
  index?: number
  /** The kustomizations whose patches may have changed it, in their order. */
  patchedIn: string[]
}

export type Unread = { file: string; line: number; message: string }

export type Subject = {
  resources: Resource[]
  origins: ReadonlyMap<Resource, Origin>
  /** What a missing resource is missing in. */
  home: string
  /** The resources as one file, a document each, in their order. */
  rendering: Rendering
  /** What could not be read at all. */
  unread: Unread[]
}

const originAnnotation = 'config.kubernetes.io/origin'
const changesAnnotation = 'alpha.config.kubernetes.io/transformations'
/** Of a file of this machine; one that a kustomization generated; one of another repository. */
const origin = z.object({
  path: z.string().optional(),
  configuredIn: z.string().optional(),
  repo: z.string().optional(),
})
const changes = z.array(
  z.object({
    configuredIn: z.string().optional(),
    configuredBy: z.object({ kind: z.string() }).optional(),
  }),
)
/** No text is taken for a number or a truth value, by whichever version of YAML it is read. */
const quoted = { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' } as const
const kustomizations = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/** Reads a kustomization, a folder of YAML files, or a file. `folder` is for what is made on the way. */
export async function readSubject(name: string, folder: string): Promise<Subject> {
  const path = kustomizations.includes(basename(name)) ? dirname(name) : name
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => {
      throw new UserError(
        `${path} is not there`,
        'name a kustomization, a folder of YAML or a file',
      )
    },
  )
  const names = isFolder ? await readdir(path) : []
  const kustomization = kustomizations.find((name) => names.includes(name))
  if (kustomization === undefined) {
    return readFiles(path, isFolder ? await listYaml(path) : [path], folder)
  }
  await mkdir(folder, { recursive: true })
  const content = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [relative(folder, path)],
    buildMetadata: originMetadata,
  }
  await writeFile(join(folder, 'kustomization.yaml'), stringify(content))
  const yaml = await kubectl(['kustomize', folder])
  return takeOrigins(yaml, folder, join(path, kustomization))
}

/** Makes a subject of what kustomize has printed in `folder` with annotations of origin; `home` is its source. */
export async function takeOrigins(yaml: string, folder: string, home: string): Promise<Subject> {
  const origins = new Map<Resource, Origin>()
  const resources = parseResources(yaml).map((annotated) => {
    const {
      [originAnnotation]: said,
      [changesAnnotation]: changed,
      ...rest
    } = annotated.metadata.annotations ?? {}
    const annotations = Object.keys(rest).length === 0 ? undefined : rest
    const resource = { ...annotated, metadata: { ...annotated.metadata, annotations } }
    const { path, configuredIn, repo } = origin.parse(parse(said ?? '{}'))
    const file = repo === undefined ? (path ?? configuredIn) : undefined
    const patchedIn = changes
      .parse(parse(changed ?? '[]'))
      .filter(({ configuredBy }) => configuredBy?.kind === 'PatchTransformer')
      .flatMap(({ configuredIn = [] }) => configuredIn)
      .map((name) => resolve(folder, name))
    origins.set(resource, {
      file: file === undefined ? home : resolve(folder, file),
      patchedIn: [...new Set(patchedIn)],
    })
    return resource
  })
  const rendering = await writeRendering(resources, folder)
  return { resources, origins, home, rendering, unread: [] }
}

async function readFiles(home: string, files: readonly string[], folder: string): Promise<Subject> {
  const origins = new Map<Resource, Origin>()
  const unread: Unread[] = []
  for (const file of files) {
    for (const [index, source] of (await readDocuments(file)).entries()) {
      const { document, lines } = source
      const [error] = document.errors
      if (error !== undefined) {
        const [message = ''] = error.message.split('\n')
        unread.push({ file, line: lines.linePos(error.pos[0]).line, message })
        continue
      }
      const content: unknown = document.toJS()
      if (content === null) continue
      const parsed = resourceSchema.safeParse(content)
      if (parsed.success) origins.set(parsed.data, { file, index, patchedIn: [] })
      else {
        const { path = [], message } = parsed.error.issues[0] ?? {}
        const { line } = findPlace(source, path.map(String), content)
        unread.push({ file, line, message: `no resource: ${path.join('.')}: ${message}` })
      }
    }
  }
  const resources = [...origins.keys()]
  const rendering = await writeRendering(resources, folder)
  return { resources, origins, home: files[0] ?? home, rendering, unread }
}

async function listYaml(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true })
  const files = names
    .filter((name) => /\.ya?ml$/.test(name) && !/(^|\/)(\.|node_modules\/)/.test(name))
    .filter((name) => !kustomizations.includes(basename(name)))
  if (files.length > 0) return files.toSorted().map((name) => join(folder, name))
  throw new UserError(`no YAML in ${folder}`, 'name a kustomization, a folder of YAML or a file')
}

async function writeRendering(resources: readonly Resource[], folder: string): Promise<Rendering> {
  const path = join(folder, 'analyzed.yaml')
  const yaml = resources.map((each) => stringify(each, quoted)).join('---\n')
  await mkdir(folder, { recursive: true })
  await writeFile(path, yaml)
  return { path, yaml }
}
