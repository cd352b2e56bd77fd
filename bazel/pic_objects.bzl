"""The position-independent objects of libraries, to make one archive or one shared library of."""

def _impl(ctx):
    objects = []
    for dep in ctx.attr.deps:
        for linker_input in dep[CcInfo].linking_context.linker_inputs.to_list():
            for library in linker_input.libraries:
                # A library of the system, named by a linker option, has none.
                objects += library.pic_objects or []
    return [DefaultInfo(files = depset(objects))]

pic_objects = rule(
    implementation = _impl,
    doc = "The .pic.o files of cc_library targets and of all that they depend on, each once.",
    attrs = {"deps": attr.label_list(providers = [CcInfo])},
)
