const ALL_TYPES = ['waiting', 'active', 'completed', 'failed', 'delayed', 'paused'];

/** Types of jobs as Bull's getters take them: lists, comma-separated text, or nothing for all. */
export function parseTypes(types: unknown): string[] {
  const parsed = [types]
    .flat(2)
    .join(',')
    .split(',')
    .map((type) => type.trim())
    .filter((type) => type !== '');
  return parsed.length > 0 ? parsed : ALL_TYPES;
}
