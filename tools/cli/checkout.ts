// The root folder of this checkout. All programs of tools/ and all tests build their paths from it.
import { resolve } from 'node:path'

export const CHECKOUT = resolve(import.meta.dirname, '../..')
