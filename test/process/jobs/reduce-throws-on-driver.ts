import { FiresteelError, type Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  try {
    // one row a partition: only the driver calls the function
    await ctx.parallelize([1, 2], 2).reduce(() => {
      throw new Error("never reduced");
    });
  } catch (error) {
    console.log(error instanceof FiresteelError);
    throw error;
  }
}
