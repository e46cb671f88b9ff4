import texts from '../../apimachinery/generated/descriptions.json' with { type: 'json' }
import type { Texts } from './texts-later.ts'

/** The published texts of models and fields, there from the start. In Node, where nobody waits for a download. */
export const publishedTexts = (): Texts => texts

/** The same shape as where they come later. */
export async function loadTexts(): Promise<void> {}
