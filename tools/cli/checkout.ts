// Where this checkout is. Every program of tools/ and every test finds files from here.
import { resolve } from 'node:path'

export const CHECKOUT = resolve(import.meta.dirname, '../..')
