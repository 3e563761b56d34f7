// Package rateguardgrpc has interceptors for gRPC servers.
package rateguardgrpc

import (
	"context"
	"net/textproto"

	rateguard "github.com/rateguard/rateguard/clients/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// UnaryServerInterceptor refuses calls with ResourceExhausted; PermissionDenied where a call lacks what is counted by, Unavailable
// where nothing could be decided, InvalidArgument where the service calls the question wrong. The header fields of HTTP are metadata
// of the answer. It fails with an OptionError for a wrong option.
func UnaryServerInterceptor(client *rateguard.Client, site rateguard.Site) (grpc.UnaryServerInterceptor, error) {
	gate, err := client.Gate(site)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		verdict := gate.Decide(view(ctx, info.FullMethod))
		if err := refusal(verdict, func(fields metadata.MD) { _ = grpc.SetHeader(ctx, fields) }); err != nil {
			return nil, err
		}
		defer gate.Done(verdict)
		return handler(ctx, request)
	}, nil
}

// StreamServerInterceptor is the same for streams, each of which is one call.
func StreamServerInterceptor(client *rateguard.Client, site rateguard.Site) (grpc.StreamServerInterceptor, error) {
	gate, err := client.Gate(site)
	if err != nil {
		return nil, err
	}
	return func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		verdict := gate.Decide(view(stream.Context(), info.FullMethod))
		if err := refusal(verdict, func(fields metadata.MD) { _ = stream.SetHeader(fields) }); err != nil {
			return err
		}
		defer gate.Done(verdict)
		return handler(server, stream)
	}, nil
}

func view(ctx context.Context, method string) *rateguard.View {
	found := &rateguard.View{Context: ctx, Method: "POST", Path: method, Fields: map[string][]string{}}
	if caller, ok := peer.FromContext(ctx); ok {
		found.Peer = caller.Addr.String()
	}
	if fields, ok := metadata.FromIncomingContext(ctx); ok {
		for name, lines := range fields {
			if name == ":authority" && len(lines) > 0 {
				found.Host = lines[0]
			} else if name[0] != ':' {
				found.Fields[textproto.CanonicalMIMEHeaderKey(name)] = lines
			}
		}
	}
	return found
}

var refusals = map[int]codes.Code{400: codes.InvalidArgument, 403: codes.PermissionDenied, 429: codes.ResourceExhausted, 503: codes.Unavailable}

// refusal is nil for an admitted call.
func refusal(verdict *rateguard.Verdict, setHeader func(metadata.MD)) error {
	if verdict == nil {
		return nil
	}
	fields := metadata.MD{}
	for _, field := range verdict.Headers {
		fields.Set(field.Name, field.Value)
	}
	if len(fields) > 0 {
		setHeader(fields)
	}
	if verdict.Decision.Allowed {
		return nil
	}
	return status.Error(refusals[verdict.Status], string(verdict.Body))
}
