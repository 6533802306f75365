export default async function main(): Promise<void> {
  setTimeout(() => {
    throw new Error("in a timer");
  }, 1);
  await new Promise(resolve => setTimeout(resolve, 5_000));
}
