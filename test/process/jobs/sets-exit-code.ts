export default async function main(): Promise<void> {
  process.exitCode = 7;
}
