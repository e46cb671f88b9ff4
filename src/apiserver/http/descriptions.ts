import { publishedTexts } from '#texts'
import { REAL_SPACES, REFERENCE_TEXTS } from './description-table.ts'

/** Paragraphs, which the description keeps as two spaces, are paragraphs again. */
function paragraphs(model: string, field: string, text: string): string {
  if (!text.includes('  ')) return text
  const entry = REAL_SPACES[model]?.split(' ').find((word) => word === field || word.startsWith(`${field}:`))
  if (entry === field) return text
  const real =
    entry
      ?.slice(field.length + 1)
      .split(',')
      .map(Number) ?? []
  let place = 0
  // More than two are a new line and its indentation.
  return text.replace(/ {2,}/g, (run) => {
    if (run.length > 2) return `\n${run.slice(1)}`
    return real.includes(place++) ? '  ' : '\n\n'
  })
}

/** The published text of a model's field; '' when there is none. */
export function fieldText(model: string, field: string): string {
  return REFERENCE_TEXTS[`${model}.${field}`] ?? paragraphs(model, field, publishedTexts()[model]?.[field] ?? '')
}

export function modelText(model: string): string {
  return fieldText(model, '')
}

/** A column's description: literal, or 'Model.field'. */
export function columnText(description: string): string {
  const match = /^([A-Z][A-Za-z0-9]+)\.(\w+)$/.exec(description)
  return (match && fieldText(match[1] ?? '', match[2] ?? '')) || description
}
